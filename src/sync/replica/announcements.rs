//! Whether the document has changes of this side that no peer has heard of yet.
//!
//! A comparison whose connection failed to close may hide that the peer had no time, so one of that kind is made again.

/// Which changes peers have not heard of.
#[derive(Debug, Default)]
pub struct Announcements {
    is_pending: bool,
    /// Whether peers were asked to compare since.
    is_asked: bool,
    /// Whether one did that may not have had the time.
    is_unsure: bool,
}

impl Announcements {
    /// Notes that this side changed the document.
    pub fn changed(&mut self) {
        *self = Self { is_pending: true, ..Self::default() };
    }

    /// Whether some change was not announced yet.
    pub fn are_pending(&self) -> bool {
        self.is_pending
    }

    /// Whether peers are to be asked to compare now. They count as asked from then on.
    pub fn take_request(&mut self) -> bool {
        self.is_pending && !std::mem::replace(&mut self.is_asked, true)
    }

    /// Notes that documents were compared.
    pub fn compared(&mut self, is_sure: bool) {
        if is_sure || self.is_unsure {
            self.is_pending &= !self.is_asked;
        } else {
            self.is_asked = false;
        }
        self.is_unsure = !is_sure && self.is_pending;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_a_peer_has_surely_compared_since() {
        let mut announcements = Announcements::default();
        assert!(!announcements.take_request(), "there is nothing");
        announcements.changed();
        announcements.compared(true);
        assert!(announcements.are_pending(), "that was begun before");
        assert!(announcements.take_request() && !announcements.take_request(), "once");
        announcements.compared(true);
        assert!(!announcements.are_pending());
    }

    #[test]
    fn what_may_have_been_no_comparison_is_made_again() {
        let mut announcements = Announcements::default();
        announcements.changed();
        assert!(announcements.take_request());
        announcements.compared(false);
        assert!(announcements.are_pending() && announcements.take_request());
        announcements.compared(false);
        assert!(!announcements.are_pending());
    }
}
