//! IBM API Connect, the gateway before s2s-oauth and mobilepay-auth: its errors, whose `httpCode` is a string.

use crate::shape::Shape;

pub(crate) const UNAUTHORIZED: Shape = Shape::json(
    "gateway-unauthorized",
    401,
    r#"{"httpCode":"401","httpMessage":"Unauthorized","moreInformation":"Invalid client id or secret."}"#,
);

/// With an `X-RateLimit-Limit` that is no number.
pub(crate) const TOO_MANY_REQUESTS: Shape = Shape::json(
    "gateway-too-many-requests",
    429,
    r#"{"httpCode":"429","httpMessage":"Too Many Requests","moreInformation":"Rate Limit exceeded"}"#,
)
.with(&[("X-RateLimit-Limit", "name=rate-limit,10")]);

pub(crate) const SERVER_ERROR: Shape = Shape::json(
    "gateway-server-error",
    500,
    r#"{"httpCode":"500","httpMessage":"Internal Server Error","moreInformation":"URL Open error"}"#,
);
