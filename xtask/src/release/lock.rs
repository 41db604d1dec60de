//! One run at a time: each would clear away the other's copy of the tree as what an interrupted run left.

use super::repository::Repository;
use crate::Outcome;
use std::fs::{self, File, TryLockError};

/// Held until it is dropped. The system lets go of it when the process ends, however it ends.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// # Errors
    ///
    /// If another run of `release` or `publish` in this checkout holds it.
    pub(crate) fn take(repository: &Repository) -> Outcome<Self> {
        let folder = repository.sh.current_dir().join("target/xtask");
        fs::create_dir_all(&folder)?;
        let file = File::create(folder.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err("another `release` or `publish` runs in this checkout: wait for its end".into())
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}
