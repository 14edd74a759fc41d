//! `refusals.md` and `dialects.md`: the two tables of `spine`, for people.

use spine::dialect::SETTLED_ALIKE;
use spine::{Dialect, Reason, Refused};

use super::{cell, fresh};

#[test]
fn the_refusals_are_described_as_they_are() {
    let mut text = String::from(
        "What can be refused, by what happened, and what it is answered with. Where the dialects differ, each has a line of its own.\n\n\
         | reason | dialect | status | issue | code | requirement | what is said | what to do |\n|---|---|---|---|---|---|---|---|\n",
    );
    for reason in Reason::ALL {
        let answers: Vec<(&str, Refused)> =
            Dialect::all().iter().map(|dialect| (dialect.name, reason.refused(dialect))).collect();
        let alike = answers.iter().all(|(_, refused)| *refused == answers[0].1);
        for (dialect, refused) in answers.iter().take(if alike { 1 } else { answers.len() }) {
            let code = refused.coding.map_or_else(String::new, |coding| format!("`{}`", coding.code));
            text.push_str(&format!(
                "| {} | {} | {} | {} | {code} | {} | {} | {} |\n",
                reason.name(),
                if alike { "" } else { dialect },
                refused.status,
                refused.issue_code,
                refused.requirement,
                cell(refused.sentence),
                cell(refused.cure),
            ));
        }
    }
    fresh("refusals.md", "Refusals", &text);
}

#[test]
fn the_dialects_are_described_as_they_are() {
    let names: Vec<&str> = Dialect::all().iter().map(|dialect| dialect.name).collect();
    let mut text = format!(
        "Where the published sources contradict each other, the dialect says which reading is taken.\n\n| question | rows | {} |\n|---|---|{}\n",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    let answers: Vec<_> = Dialect::all().iter().map(Dialect::describe).collect();
    for (index, question) in answers[0].iter().enumerate() {
        let each: Vec<String> = answers.iter().map(|answers| cell(answers[index].answer)).collect();
        text.push_str(&format!("| {} | {} | {} |\n", cell(question.question), question.rows, each.join(" | ")));
    }
    text.push_str("\n## Settled alike\n\n| question | rows | answer |\n|---|---|---|\n");
    for settled in SETTLED_ALIKE {
        text.push_str(&format!("| {} | {} | {} |\n", cell(settled.question), settled.rows, cell(settled.answer)));
    }
    fresh("dialects.md", "Dialects", &text);
}
