//! What is told to a recorder of `metrics`, through one door: without the feature that is nothing.

#[cfg(feature = "metrics")]
mod reads;
#[cfg(feature = "metrics")]
mod told;
#[cfg(feature = "metrics")]
pub(crate) use told::Meter;

#[cfg(not(feature = "metrics"))]
pub(crate) use untold::Meter;

#[cfg(not(feature = "metrics"))]
mod untold {
    use std::time::Duration;

    use crate::log::Named;
    use crate::{EventKind, Rejection, Status};

    #[derive(Debug)]
    pub(crate) struct Meter;

    impl Meter {
        pub(crate) fn new(_: Named) -> Self {
            Self
        }

        #[inline]
        pub(crate) fn read(&self) {}

        pub(crate) fn happened(&self, _: &[EventKind]) {}

        pub(crate) fn requested(&self, _: &'static str) {}

        pub(crate) fn rejected(&self, _: Rejection) {}

        pub(crate) fn flown(&self, _: impl FnOnce() -> (&'static str, Duration)) {}

        pub(crate) fn stands(&self, _: impl Fn() -> Status) {}

        pub(crate) fn ends(&self) {}
    }
}
