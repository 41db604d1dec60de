//! Access tokens of the MG+ (K2) STS, fetched, kept fresh and ready to send.
