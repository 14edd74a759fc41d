//! `commands.md` and `configuration.md`: what people type and write.

use careslot::cli::Cli;
use careslot::config::{Layers, meaning};
use clap::{Command, CommandFactory};

use super::{cell, fresh};

#[test]
fn the_commands_are_described_as_they_are() {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut text = String::from(
        "Data goes to stdout, everything else to stderr. Exit codes: 0 done · 1 refused or a check failed · 2 usage or configuration · \
         3 a party could not be reached · 4 internal error.\n",
    );
    for verb in command.get_subcommands_mut() {
        describe(verb, &mut text);
    }
    fresh("commands.md", "Commands", &text);
}

fn describe(command: &mut Command, text: &mut String) {
    let title = command.get_display_name().unwrap_or(command.get_name()).replace('-', " ");
    if command.has_subcommands() {
        for verb in command.get_subcommands_mut() {
            describe(verb, text);
        }
        return;
    }
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.render_usage().to_string().replace("Usage: ", "");
    text.push_str(&format!(
        "\n## {title}\n\n{about}.\n\n```\n{usage}\n```\n\n| argument | meaning | default |\n|---|---|---|\n"
    ));
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set() && argument.get_id() != "help") {
        let value = argument
            .get_value_names()
            .filter(|_| argument.get_action().takes_values())
            .map(|names| names[0].to_string());
        let name = match (argument.get_long(), value) {
            (Some(long), Some(value)) => format!("--{long} {value}"),
            (Some(long), None) => format!("--{long}"),
            (None, value) => value.unwrap_or_else(|| argument.get_id().to_string().to_uppercase()),
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let defaults: Vec<String> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        let shown = if argument.get_action().takes_values() { defaults.join(" ") } else { String::new() };
        text.push_str(&format!("| `{}` | {} | {} |\n", cell(&name), cell(&help), cell(&shown)));
    }
}

#[test]
fn the_configuration_is_described_as_it_is() {
    let mut text = String::from(
        "Your own file (`--config FILE`) goes over these defaults, variables (`CARESLOT_SECTION__KEY`) over it, flags over those.\n\
         File names start from the folder of the file that holds them. Spans of time are seconds, sizes are bytes, an empty text is \"not set\".\n",
    );
    let layers = Layers::defaults();
    let mut current = "";
    for (key, setting) in layers.iter() {
        let (section, name) = key.split_once('.').unwrap();
        if section != current {
            text.push_str(&format!("\n## [{section}]\n\n| key | default | meaning |\n|---|---|---|\n"));
            current = section;
        }
        let raw = setting.raw.to_string();
        text.push_str(&format!("| `{name}` | `{}` | {} |\n", cell(&raw), cell(&meaning(key).unwrap_or_default())));
    }
    fresh("configuration.md", "Configuration", &text);
}
