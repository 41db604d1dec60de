//! Access tokens of the StoneX Payments API, fetched, kept fresh and ready to send.
