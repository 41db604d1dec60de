//! Access tokens of the Partner booking API, fetched, kept fresh and ready to send.
