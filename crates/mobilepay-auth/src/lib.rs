//! Access tokens of the MobilePay PoS V10 API, fetched, kept fresh and ready to send.
