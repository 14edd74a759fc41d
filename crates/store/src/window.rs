//! Where a time may lie: the bounds that a search gives, as whole seconds.

/// One bound on a time, in seconds since 1970. A FHIR value that covers a span (a date without a time covers its whole day) has been
/// resolved to the second by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// `ge`.
    AtOrAfter(i64),
    /// `gt`, `sa`.
    After(i64),
    /// `le`.
    AtOrBefore(i64),
    /// `lt`, `eb`.
    Before(i64),
    /// `ne`: not in the span that begins at `from` and ends before `until`.
    Outside {
        /// First second of the span.
        from: i64,
        /// First second after the span.
        until: i64,
    },
}

/// All the bounds of a search; a time must keep to each of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// The bounds, in any order.
    pub bounds: Vec<Bound>,
}

impl Window {
    /// A window from these bounds.
    pub fn new(bounds: impl Into<Vec<Bound>>) -> Self {
        Self { bounds: bounds.into() }
    }

    /// The first second that lies inside all lower bounds.
    pub(crate) fn lower(&self) -> Option<i64> {
        let lower = |bound: &Bound| match *bound {
            Bound::AtOrAfter(second) => Some(second),
            Bound::After(second) => Some(second.saturating_add(1)),
            _ => None,
        };
        self.bounds.iter().filter_map(lower).max()
    }

    /// The last second that lies inside all upper bounds.
    pub(crate) fn upper(&self) -> Option<i64> {
        let upper = |bound: &Bound| match *bound {
            Bound::AtOrBefore(second) => Some(second),
            Bound::Before(second) => Some(second.saturating_sub(1)),
            _ => None,
        };
        self.bounds.iter().filter_map(upper).min()
    }

    /// The spans in which the time may not lie, each from its first second to the first after it.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = (i64, i64)> {
        self.bounds.iter().filter_map(|bound| match *bound {
            Bound::Outside { from, until } => Some((from, until)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_bounds_win() {
        let window = Window::new([Bound::AtOrAfter(5), Bound::After(7), Bound::AtOrBefore(20), Bound::Before(20)]);
        assert_eq!((window.lower(), window.upper()), (Some(8), Some(19)));
        assert_eq!(Window::default().lower(), None);
        assert_eq!(Window::new([Bound::After(i64::MAX), Bound::Before(i64::MIN)]).lower(), Some(i64::MAX));
    }

    #[test]
    fn a_gap_bounds_neither_end() {
        let window = Window::new([Bound::Outside { from: 3, until: 6 }]);
        assert_eq!((window.lower(), window.upper()), (None, None));
        assert_eq!(window.gaps().collect::<Vec<_>>(), [(3, 6)]);
    }
}
