//! How a body is sent a second time.

/// What the second try of a request after a 401 is sent with.
///
/// Every `Fn(&B) -> Option<B>` is one, as reqwest's `Body::try_clone` is.
#[diagnostic::on_unimplemented(
    message = "it is not known how a body of `{B}` is sent a second time",
    note = "bodies that are `Clone` are cloned; for others say `.repeating(|body| …)`, or `.without_repeat()`"
)]
pub trait Repeat<B>: Clone + Send + Sync + 'static {
    /// A copy of `body`, which was not sent yet; `None` if this one cannot be sent twice.
    fn copy(&self, body: &B) -> Option<B>;
}

/// Every body is cloned.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Cloned;

/// No request is sent twice.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Never;

impl<B: Clone> Repeat<B> for Cloned {
    fn copy(&self, body: &B) -> Option<B> {
        Some(body.clone())
    }
}

impl<B> Repeat<B> for Never {
    fn copy(&self, _: &B) -> Option<B> {
        None
    }
}

impl<B, F: Fn(&B) -> Option<B> + Clone + Send + Sync + 'static> Repeat<B> for F {
    fn copy(&self, body: &B) -> Option<B> {
        self(body)
    }
}
