//! A mutex that is never poisoned: a caller that panicked while it held one has changed all or nothing.
//! Where there are no threads it is a cell, which is smaller.

#[cfg(not(target_arch = "wasm32"))]
mod kind {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    pub(crate) struct Lock<T>(Mutex<T>);

    impl<T> Lock<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod kind {
    use std::cell::{RefCell, RefMut};

    pub(crate) struct Lock<T>(RefCell<T>);

    impl<T> Lock<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(RefCell::new(value))
        }

        pub(crate) fn lock(&self) -> RefMut<'_, T> {
            self.0.borrow_mut()
        }
    }
}

pub(crate) use kind::Lock;
