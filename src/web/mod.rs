//! Pages, forms, cookies, who is calling, and how an error looks.

pub mod accent;
pub mod assets;
pub mod banned_page;
pub mod colour;
pub mod device;
pub mod error_page;
pub mod initials;
pub mod page;
pub mod problems;
pub mod settings;
pub mod template;
pub mod when;
