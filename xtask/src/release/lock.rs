//! One run at a time: each would clear away the other's copy of the tree as what an interrupted run left.

use super::repository::Repository;
use crate::Outcome;
use std::fs::{self, File, TryLockError};

/// Held until it is dropped. The system lets go of it when the process ends, however it ends.
pub(crate) struct Lock {
    file: File,
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
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => {
                Err("another `release` or `publish` runs in this checkout: wait for its end".into())
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

impl Drop for Lock {
    /// Said aloud: a program that is just being started has the file as well, until it is another program, and would hold on
    /// to a lock that ends with the last who has it.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xshell::Shell;

    #[test]
    fn lock_is_free_once_it_is_dropped_whoever_else_has_the_file() {
        let (folder, sh) = (tempfile::tempdir().unwrap(), Shell::new().unwrap());
        sh.change_dir(folder.path());
        let repository = Repository { sh };
        let lock = Lock::take(&repository).unwrap();
        // As a program has it that is just being started.
        let _inherited = lock.file.try_clone().unwrap();
        assert!(Lock::take(&repository).is_err());
        drop(lock);
        assert!(Lock::take(&repository).is_ok());
    }
}
