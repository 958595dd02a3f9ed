//! The client core as JavaScript sees it: one class that names users by their ids. The classes of the
//! public surface (`App`, `User`, …) are in `../js`, and decide nothing.
#![cfg(target_arch = "wasm32")]

mod act;
mod host;
mod running;
mod value;

use act::Act;
use host::{Host, Web};
use keystead_client_core::{Body, Client, Configuration, Json, Response, Token, User};
use lol_alloc::{FreeListAllocator, LockedAllocator};
use running::Running;
use value::Value;
use wasm_bindgen::prelude::*;

/// A few kilobytes smaller than the standard library's, and what is allocated here is little.
#[global_allocator]
static ALLOCATOR: LockedAllocator<FreeListAllocator> = LockedAllocator::new(FreeListAllocator::new());

/// The client of one application.
#[wasm_bindgen]
pub struct Core {
    client: Client<Web>,
    running: Running,
}

/// What can be read of a user.
#[wasm_bindgen]
#[expect(missing_docs, reason = "named after the members of `User` that show them")]
pub enum Part {
    State,
    ProviderType,
    AccessToken,
    RefreshToken,
    Profile,
    Claims,
}

/// What came back, and what the text beside it is.
#[wasm_bindgen]
pub enum Answered {
    /// No answer. The reason.
    Nothing,
    /// An answer without a body. Its reason phrase, as of the following.
    Empty,
    /// JSON.
    Json,
    /// Something that promised to be JSON.
    Malformed,
    /// A success that is something else. The content type.
    Other,
}

#[wasm_bindgen]
impl Core {
    /// A client with the users that the host has kept.
    #[wasm_bindgen(constructor)]
    pub fn new(host: Host, app_id: String, base_url: String, skip_location_request: bool) -> Core {
        let configuration = Configuration { app_id, base_url, skip_location_request };
        Core { client: Client::new(configuration, Web::new(host)), running: Running::default() }
    }

    /// The ids of everybody who has logged in and was not removed, the current user first.
    pub fn users(&self) -> JsValue {
        Value::list(self.client.user_ids().iter().map(|id| Value::text(id)).collect()).0
    }

    /// The id of the current user.
    pub fn current(&self) -> JsValue {
        self.client.current_user().map_or(JsValue::UNDEFINED, |user| JsValue::from_str(user.id()))
    }

    /// Something that is known of a user without asking the server; undefined if it is not known.
    pub fn read(&self, user: &str, part: Part) -> JsValue {
        self.client.user(user).and_then(|user| read(&user, part)).unwrap_or(JsValue::UNDEFINED)
    }

    /// Replaces both tokens of a user; an empty one by none.
    pub fn write(&self, user: &str, access: String, refresh: String) {
        let token = |text: String| (!text.is_empty()).then(|| Token::from(text));
        if let Some(user) = self.client.user(user) {
            // What could not be written down is true here all the same.
            let _ = user.set_tokens(token(access), token(refresh));
        }
    }

    /// Begins to do one thing, as `user` if one is named. The host's `settle` is told how it ended, under
    /// the same ticket.
    pub fn begin(&self, ticket: u32, act: Act, user: &str, argument: JsValue, more: JsValue) {
        let user = act::named(&self.client, user);
        let work = act::perform(self.client.clone(), act, user, Value(argument), Value(more));
        self.running.add(ticket, Box::pin(work));
        self.running.go_on(self.client.platform());
    }

    /// Takes the answer to a request of the host's. `text` is what `kind` says.
    pub fn answer(&self, request: u32, kind: Answered, status: u16, text: String, body: JsValue) {
        let (status_text, body) = match kind {
            Answered::Nothing => return self.answered(request, Err(text)),
            Answered::Other => (String::new(), Body::Other { content_type: text }),
            Answered::Empty => (text, Body::Empty),
            Answered::Json => (text, Body::Json(Value(body))),
            Answered::Malformed => (text, Body::Malformed),
        };
        self.answered(request, Ok(Response { status, status_text, body }));
    }
}

impl Core {
    fn answered(&self, request: u32, answer: Result<Response<Value>, String>) {
        self.client.platform().answered(request, answer);
        self.running.go_on(self.client.platform());
    }
}

fn read(user: &User<Web>, part: Part) -> Option<JsValue> {
    Some(match part {
        Part::State => JsValue::from_str(user.state().as_str()),
        Part::ProviderType => JsValue::from_str(&user.provider_type()),
        Part::AccessToken => JsValue::from_str(user.access_token()?.expose()),
        Part::RefreshToken => JsValue::from_str(user.refresh_token()?.expose()),
        Part::Profile => user.profile()?.0,
        Part::Claims => user.claims()?.0,
    })
}
