#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| auth_fuzz::targets::retry_after(bytes));
