//! How trait objects are shown by `Debug`: by the name of their trait.
//!
//! With `Debug` as a supertrait, each table of methods would name the formatting of its type and of all its fields, and so
//! keep in the library what nothing calls.

/// Lets `dyn Trait` be a field of a type that derives `Debug`.
macro_rules! named_in_debug {
    ($name:ident) => {
        impl std::fmt::Debug for dyn $name + '_ {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(stringify!($name))
            }
        }
    };
}
pub(crate) use named_in_debug;
