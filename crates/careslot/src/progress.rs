//! A bar on stderr that says how far a long piece of work is, where a person sees it and nowhere else.

use crate::terminal::Terminal;

/// Fewer pieces than this are done before anybody looks.
const WORTH_SHOWING: usize = 20;
/// The length of the bar, in characters.
const LENGTH: usize = 40;

/// How far the work is.
#[derive(Debug)]
pub struct Progress<'t> {
    terminal: &'t Terminal,
    all: usize,
    done: usize,
    is_shown: bool,
}

impl<'t> Progress<'t> {
    /// The beginning of `all` pieces of work.
    pub fn new(terminal: &'t Terminal, all: usize) -> Self {
        Self { terminal, all, done: 0, is_shown: terminal.draws_progress() && all >= WORTH_SHOWING }
    }

    /// One piece more is done. The bar is drawn again only where it changes.
    pub fn advance(&mut self) {
        let before = self.filled();
        self.done += 1;
        if self.is_shown && (self.done == 1 || self.filled() != before) {
            self.terminal.draw(&self.line());
        }
    }

    /// Takes the bar away, so that something can be written in its place.
    pub fn clear(&self) {
        if self.is_shown {
            self.terminal.draw("");
        }
    }

    fn filled(&self) -> usize {
        self.done.saturating_mul(LENGTH).checked_div(self.all).unwrap_or(LENGTH).min(LENGTH)
    }

    fn line(&self) -> String {
        let filled = self.filled();
        format!("[{}{}] {} of {}", "#".repeat(filled), ".".repeat(LENGTH - filled), self.done, self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_grows_with_the_work_and_is_never_drawn_where_nobody_looks() {
        let terminal = Terminal::of_process();
        let mut progress = Progress { terminal: &terminal, all: 80, done: 0, is_shown: false };
        for (done, filled) in [(1, 0), (2, 1), (40, 20), (80, 40), (81, 40)] {
            progress.done = done;
            assert_eq!(progress.line().matches('#').count(), filled, "{}", progress.line());
            assert!(progress.line().len() < 80);
        }
        assert!(!Progress::new(&terminal, 3).is_shown);
    }
}
