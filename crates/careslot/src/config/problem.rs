//! What is wrong with a configuration: where, what and what to do.

use std::fmt;

/// One fault of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where the value stands: `my.toml:12`, `CARESLOT_SSP__LISTEN`, `--port-base`.
    pub place: String,
    /// What is wrong, naming the key.
    pub what: String,
    /// What to do about it.
    pub cure: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  {}", self.place, self.what, self.cure)
    }
}

/// Every fault that was found, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Note one more.
    pub fn add(&mut self, place: impl fmt::Display, what: impl Into<String>, cure: impl Into<String>) {
        self.0.push(Problem { place: place.to_string(), what: what.into(), cure: cure.into() });
    }

    /// `value` when nothing is wrong, else everything that is.
    pub fn none_or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
