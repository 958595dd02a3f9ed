//! How the route table is written down: a path, and what answers to each method there. The methods are
//! kept beside the handlers, so that the table can be compared with what is authorised, and so is what is to be said
//! of them: a route cannot be added without a description.

use super::describe::{self, About, Definitions, Operation};
use crate::state::ThreadState;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter};
use std::time::Duration;

/// A path with its handlers.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) methods: Vec<Method>,
    /// One for each method.
    pub(super) described: Vec<Described>,
    pub(super) handlers: MethodRouter<ThreadState>,
    /// How long a request may take, where that is longer than usual.
    pub(super) time_limit: Option<Duration>,
}

/// What is known of a method of a route.
pub(super) struct Described {
    pub(super) about: About,
    pub(super) describe: fn(&mut Operation, &mut Definitions),
}

/// A path, at which nothing answers yet.
pub(super) fn at(path: &'static str) -> Route {
    Route {
        path,
        methods: Vec::new(),
        described: Vec::new(),
        handlers: MethodRouter::new(),
        time_limit: None,
    }
}

macro_rules! methods {
    ($($name:ident $method:ident)*) => {$(
        /// What answers to this method, and what for.
        pub(super) fn $name<H, T>(self, handler: H, about: impl Into<About>) -> Self
        where
            H: describe::Described<T>,
            T: 'static,
        {
            self.on(Method::$method, MethodFilter::$method, handler, about.into())
        }
    )*};
}

impl Route {
    methods! { get GET post POST put PUT patch PATCH delete DELETE }

    /// Lets requests take so long.
    pub(super) fn within(self, time_limit: Duration) -> Self {
        Self { time_limit: Some(time_limit), ..self }
    }

    fn on<H, T>(mut self, method: Method, filter: MethodFilter, handler: H, about: About) -> Self
    where
        H: describe::Described<T>,
        T: 'static,
    {
        self.methods.push(method);
        self.described.push(Described { about, describe: H::describe });
        self.handlers = self.handlers.on(filter, handler);
        self
    }
}
