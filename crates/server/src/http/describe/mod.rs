//! How the HTTP interface is described: by the types that handlers take and give. An extractor says what it asks of
//! a request and how it refuses ([`Describe`]), an answer what it is ([`Answers`]), and what is left for the route
//! table to say is what a route is for ([`About`]). So nothing is served that is not described.

mod answers;
mod document;
mod extractors;
mod page;

pub(super) use answers::{AcceptedEmpty, Created, CreatedEmpty, Published, WrittenJson};
pub(super) use document::openapi;
pub(super) use extractors::refusing;
pub(super) use page::{Page, docs};

use crate::state::ThreadState;
use axum::handler::Handler;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which token a route wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Access,
    Refresh,
    AdminAccess,
    AdminRefresh,
}

/// What the route table says of a route.
#[derive(Debug, Clone)]
pub(super) struct About {
    summary: &'static str,
    /// How it refuses besides what its extractors say.
    errors: &'static [u16],
    token: Option<Token>,
    body: Option<fn(&mut Definitions) -> Value>,
    text: bool,
}

/// What a route is for, in a few words.
pub(super) const fn about(summary: &'static str) -> About {
    About { summary, errors: &[], token: None, body: None, text: false }
}

impl From<&'static str> for About {
    fn from(summary: &'static str) -> Self {
        about(summary)
    }
}

impl About {
    /// The statuses of errors that the handler itself may answer with.
    pub(super) const fn errors(mut self, errors: &'static [u16]) -> Self {
        self.errors = errors;
        self
    }

    /// The token that the handler itself looks at.
    pub(super) const fn token(mut self, token: Token) -> Self {
        self.token = Some(token);
        self
    }

    /// That the handler itself reads the body as text.
    pub(super) const fn text(mut self) -> Self {
        self.text = true;
        self
    }

    /// What the handler itself reads from the body.
    pub(super) fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(|schemas| schemas.requests.subschema_for::<T>().to_value());
        self
    }
}

/// The schemas that are referred to, collected while describing.
pub(super) struct Definitions {
    /// Of what is read.
    requests: SchemaGenerator,
    /// Of what is written.
    answers: SchemaGenerator,
}

impl Definitions {
    fn new() -> Self {
        let settings =
            || SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into());
        Self {
            requests: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
        }
    }
}

/// What is known of an operation.
#[derive(Debug, Default)]
pub(super) struct Operation {
    /// The token, and whether it must be there.
    token: Option<(Token, bool)>,
    /// Parameters of the query.
    query: Vec<Value>,
    /// The schema of the body.
    body: Option<Value>,
    /// Successful answers: the media type and the schema, if there is a body.
    answers: BTreeMap<u16, Option<(&'static str, Value)>>,
    errors: BTreeSet<u16>,
}

/// What an extractor asks of requests.
pub(super) trait Describe {
    fn describe(operation: &mut Operation, schemas: &mut Definitions);
}

/// What an answer looks like.
pub(super) trait Answers {
    fn describe(operation: &mut Operation, schemas: &mut Definitions);
}

/// A handler whose parameters and answer are described.
pub(super) trait Described<T>: Handler<T, ThreadState> {
    fn describe(operation: &mut Operation, schemas: &mut Definitions);
}

macro_rules! described {
    ($($parameter:ident)*) => {
        impl<F, M, Fut, R, $($parameter,)*> Described<(M, $($parameter,)*)> for F
        where
            F: Handler<(M, $($parameter,)*), ThreadState> + FnOnce($($parameter),*) -> Fut,
            Fut: Future<Output = R>,
            R: Answers,
            $($parameter: Describe,)*
        {
            fn describe(operation: &mut Operation, schemas: &mut Definitions) {
                $($parameter::describe(operation, schemas);)*
                R::describe(operation, schemas);
            }
        }
    };
}

described!(A);
described!(A B);
described!(A B C);
described!(A B C D);
described!(A B C D E);
described!(A B C D E G);

impl<F, Fut, R> Described<((),)> for F
where
    F: Handler<((),), ThreadState> + FnOnce() -> Fut,
    Fut: Future<Output = R>,
    R: Answers,
{
    fn describe(operation: &mut Operation, schemas: &mut Definitions) {
        R::describe(operation, schemas);
    }
}
