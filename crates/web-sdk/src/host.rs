//! What JavaScript does for the core: `../js/host.js` is the other side of every method here.

use crate::value::Value;
use keystead_client_core::{Change, Changed, Error, Platform, Request, Response, Token};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::Poll;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The host object that `App` makes.
    pub type Host;

    /// Sends a request and later hands the answer to `Core::answer`, under the same number.
    #[wasm_bindgen(method)]
    fn send(this: &Host, request: u32, method: &str, url: &str, token: Option<&str>, body: &JsValue);

    #[wasm_bindgen(method)]
    fn settle(this: &Host, ticket: u32, value: &JsValue, failed: bool);

    #[wasm_bindgen(method)]
    fn load(this: &Host, key: &str) -> Option<String>;

    /// Returns why that is impossible, if it is.
    #[wasm_bindgen(method)]
    fn save(this: &Host, key: &str, value: Option<&str>) -> Option<String>;

    #[wasm_bindgen(method)]
    fn device(this: &Host) -> JsValue;

    #[wasm_bindgen(method)]
    fn changed(this: &Host, user: Option<&str>);

    /// Makes an `Error`; a `MongoDBRealmError` if there is a status.
    #[wasm_bindgen(method)]
    #[expect(clippy::too_many_arguments, reason = "what the error has to say")]
    fn failure(
        this: &Host,
        sentence: Option<&str>,
        status: u16,
        method: &str,
        url: &str,
        status_text: &str,
        code: Option<&str>,
        link: Option<&str>,
    ) -> JsValue;
}

type Answer = Result<Response<Value>, String>;

pub(crate) struct Web {
    host: Host,
    sent: Cell<u32>,
    answers: RefCell<Vec<(u32, Answer)>>,
}

impl Web {
    pub(crate) fn new(host: Host) -> Self {
        Self { host, sent: Cell::default(), answers: RefCell::default() }
    }

    /// How many requests were sent so far.
    pub(crate) fn sent(&self) -> u32 {
        self.sent.get()
    }

    pub(crate) fn answered(&self, request: u32, answer: Answer) {
        self.answers.borrow_mut().push((request, answer));
    }

    fn take_answer(&self, request: u32) -> Option<Answer> {
        let mut answers = self.answers.borrow_mut();
        let place = answers.iter().position(|(answered, _)| *answered == request)?;
        Some(answers.swap_remove(place).1)
    }

    pub(crate) fn settle(&self, ticket: u32, outcome: Result<JsValue, Error>) {
        match outcome {
            Ok(value) => self.host.settle(ticket, &value, false),
            Err(error) => self.host.settle(ticket, &self.failure(&error), true),
        }
    }

    fn failure(&self, error: &Error) -> JsValue {
        match error {
            Error::Server(said) => self.host.failure(
                said.error.as_deref(),
                said.status,
                said.method.as_str(),
                &said.url,
                &said.status_text,
                said.code.as_deref(),
                said.link.as_deref(),
            ),
            // Programs that ask for the status or the code of a refusal find those of an ended session.
            Error::LoggedOut => {
                self.host.failure(Some(error.sentence()), 401, "", "", "", Some("InvalidSession"), None)
            }
            other => self.host.failure(Some(other.sentence()), 0, "", "", "", None, None),
        }
    }
}

impl Platform for Web {
    type Json = Value;

    async fn send(&self, request: Request<'_, Value>) -> Answer {
        let number = self.sent.get().wrapping_add(1);
        self.sent.set(number);
        let body = request.body.map_or(JsValue::UNDEFINED, |body| body.0.clone());
        self.host.send(
            number,
            request.method.as_str(),
            request.url,
            request.bearer.map(Token::expose),
            &body,
        );
        poll_fn(|_| self.take_answer(number).map_or(Poll::Pending, Poll::Ready)).await
    }

    fn load(&self, key: &str) -> Option<String> {
        self.host.load(key)
    }

    fn save(&self, changes: &[Change]) -> Result<(), String> {
        for Change { key, value } in changes {
            if let Some(reason) = self.host.save(key, value.as_deref()) {
                return Err(reason);
            }
        }
        Ok(())
    }

    fn device(&self) -> Value {
        Value(self.host.device())
    }

    fn changed(&self, change: Changed<'_>) {
        self.host.changed(match change {
            Changed::Users => None,
            Changed::User(id) => Some(id),
        });
    }
}
