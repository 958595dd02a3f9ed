//! How the route table is written down: a path, and what answers to each method there. The methods are
//! kept beside the handlers, so that the table can be compared with what is described and authorised.

use crate::state::ThreadState;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter};
use std::time::Duration;

/// A path with its handlers.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) methods: Vec<Method>,
    pub(super) handlers: MethodRouter<ThreadState>,
    /// How long a request may take, where that is longer than usual.
    pub(super) time_limit: Option<Duration>,
}

/// A path, at which nothing answers yet.
pub(super) fn at(path: &'static str) -> Route {
    Route { path, methods: Vec::new(), handlers: MethodRouter::new(), time_limit: None }
}

impl Route {
    pub(super) fn get<H: Handler<T, ThreadState>, T: 'static>(self, handler: H) -> Self {
        self.on(Method::GET, MethodFilter::GET, handler)
    }

    pub(super) fn post<H: Handler<T, ThreadState>, T: 'static>(self, handler: H) -> Self {
        self.on(Method::POST, MethodFilter::POST, handler)
    }

    pub(super) fn put<H: Handler<T, ThreadState>, T: 'static>(self, handler: H) -> Self {
        self.on(Method::PUT, MethodFilter::PUT, handler)
    }

    pub(super) fn patch<H: Handler<T, ThreadState>, T: 'static>(self, handler: H) -> Self {
        self.on(Method::PATCH, MethodFilter::PATCH, handler)
    }

    pub(super) fn delete<H: Handler<T, ThreadState>, T: 'static>(self, handler: H) -> Self {
        self.on(Method::DELETE, MethodFilter::DELETE, handler)
    }

    /// Lets requests take so long.
    pub(super) fn within(self, time_limit: Duration) -> Self {
        Self { time_limit: Some(time_limit), ..self }
    }

    fn on<H, T>(mut self, method: Method, filter: MethodFilter, handler: H) -> Self
    where
        H: Handler<T, ThreadState>,
        T: 'static,
    {
        self.methods.push(method);
        self.handlers = self.handlers.on(filter, handler);
        self
    }
}
