//! Access tokens of the Isbank server-to-server security API, fetched, kept fresh and ready to send.
