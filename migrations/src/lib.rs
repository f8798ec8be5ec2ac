//! Numbered, self-contained upgrades of the database schema.
