//! What operators and developers look at: the document's page.

pub mod docs;
