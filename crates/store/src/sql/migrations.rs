//! The numbered migrations: each is written once and carried out once, and a database that is ahead of this program is refused.

use super::Session;
use crate::error::{Result, StoreError};

/// Every migration, the first one first. A migration that has been released is never changed again.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_first_tables.sql"),
    include_str!("../../migrations/0002_audit_heads.sql"),
    include_str!("../../migrations/0003_diary_edition.sql"),
    include_str!("../../migrations/0004_shared_audit_rows.sql"),
];

/// How a database spells what the two spell differently.
#[derive(Debug)]
pub(crate) struct Flavour {
    /// The database's words for those of the migrations.
    pub(crate) words: &'static [(&'static str, &'static str)],
    /// Counts the tables in the place that is to be used.
    pub(crate) count_tables: &'static str,
}

impl Flavour {
    fn spell(&self, sql: &str) -> String {
        self.words.iter().fold(sql.to_owned(), |sql, (ours, theirs)| sql.replace(ours, theirs))
    }
}

/// Brings the database up to the last migration, in one transaction. Of several processes that start at once one does it.
pub(crate) async fn migrate(session: &mut Session) -> Result<()> {
    session.begin(&["migrations".to_owned()]).await?;
    match carry_out(session).await {
        Ok(()) => session.commit().await,
        Err(fault) => {
            session.roll_back().await;
            Err(fault)
        }
    }
}

/// Whether the database is at the last migration, so that it can be read as it is.
pub(crate) async fn check_migrated(session: &mut Session) -> Result<()> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let tables = session.first(session.flavour().count_tables, &[], |row| row.number(0)).await?.unwrap_or(0);
    let found = match tables {
        0 => 0,
        _ => session.first("select max(number) from migration", &[], |row| row.number(0)).await?.unwrap_or(0),
    };
    match found {
        _ if found == known => Ok(()),
        _ if found > known => Err(StoreError::NewerDatabase { found, known }),
        0 if tables == 0 => Err(StoreError::Absent("the schema has no tables, or is not there".to_owned())),
        _ => {
            let why = format!("it is at migration {found} of {known}: start the role that it belongs to once");
            Err(StoreError::Misconfigured(why))
        }
    }
}

async fn carry_out(session: &mut Session) -> Result<()> {
    let flavour = session.flavour();
    let tables = session.first(flavour.count_tables, &[], |row| row.number(0)).await?.unwrap_or(0);
    session.batch("create table if not exists migration (number bigint primary key)").await?;
    let found = session.first("select coalesce(max(number), 0) from migration", &[], |row| row.number(0)).await?;
    let found = found.unwrap_or(0);
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::NewerDatabase { found, known });
    }
    if found == 0 && tables > 0 {
        return Err(StoreError::Corrupt("it has tables, but none that CareSlot made".to_owned()));
    }
    for (number, migration) in (1_i64..).zip(MIGRATIONS) {
        if number > found {
            session.batch(&flavour.spell(migration)).await?;
            session.execute("insert into migration (number) values (?1)", &[number.into()]).await?;
        }
    }
    Ok(())
}
