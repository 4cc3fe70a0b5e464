//! Pages, forms, cookies, who is calling, and how an error looks.

pub mod settings;
