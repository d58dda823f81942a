//! Definition: the macro that makes the struct of the options, their defaults and their rows of what the table says, and how
//! each kind of row reaches its field.
//!
//! Entry points: the macro `options`, [`Whole`], [`as_millis`]. May use: the standard library.

use std::time::Duration;

/// A whole number in the type of its field; none stands for no bound. What a field cannot hold is out of the range of its
/// row.
pub(super) trait Whole {
    fn to_number(&self) -> Option<u64>;
    fn from_number(number: Option<u64>) -> Self;
}

impl Whole for u64 {
    fn to_number(&self) -> Option<u64> {
        Some(*self)
    }

    fn from_number(number: Option<u64>) -> Self {
        number.unwrap_or(Self::MAX)
    }
}

impl Whole for usize {
    fn to_number(&self) -> Option<u64> {
        u64::try_from(*self).ok()
    }

    fn from_number(number: Option<u64>) -> Self {
        number.map_or(Self::MAX, |number| {
            Self::try_from(number).unwrap_or(Self::MAX)
        })
    }
}

impl Whole for u32 {
    fn to_number(&self) -> Option<u64> {
        Some(u64::from(*self))
    }

    fn from_number(number: Option<u64>) -> Self {
        number.map_or(Self::MAX, |number| {
            Self::try_from(number).unwrap_or(Self::MAX)
        })
    }
}

impl<T: Whole> Whole for Option<T> {
    fn to_number(&self) -> Option<u64> {
        self.as_ref().and_then(T::to_number)
    }

    fn from_number(number: Option<u64>) -> Self {
        number.map(|number| T::from_number(Some(number)))
    }
}

/// A duration as options show it; one above the range of `u64` shows as its end.
pub(super) fn as_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The place of a field.
macro_rules! place {
    ($name:ident) => {
        Place {
            get: |options| &options.$name,
            get_mut: |options| &mut options.$name,
        }
    };
}

/// The `Kind` that a row names, for its field.
macro_rules! kind {
    (text $name:ident: $type:ty) => {
        Kind::Text(place!($name))
    };
    (dsn $name:ident: $type:ty) => {
        Kind::Dsn(place!($name))
    };
    (path $name:ident: $type:ty) => {
        Kind::Path(place!($name))
    };
    (header_text $name:ident: $type:ty) => {
        Kind::HeaderText(place!($name))
    };
    (patterns $name:ident: $type:ty) => {
        Kind::Patterns(place!($name))
    };
    (flag $name:ident: $type:ty) => {
        Kind::Flag(Access {
            get: |options| options.$name,
            set: |options, is_on| options.$name = is_on,
        })
    };
    (share $name:ident: $type:ty, $not_a_number:expr) => {
        Kind::Share(
            $not_a_number,
            Access {
                get: |options| options.$name,
                set: |options, share| options.$name = share,
            },
        )
    };
    (whole $name:ident: $type:ty, $limit:expr) => {
        Kind::Whole(
            $limit,
            Access {
                get: |options| options.$name.to_number(),
                set: |options, number| options.$name = Whole::from_number(number),
            },
        )
    };
    (millis $name:ident: $type:ty, $limit:expr) => {
        Kind::Whole(
            $limit,
            Access {
                get: |options| Some(as_millis(options.$name)),
                set: |options, millis| {
                    options.$name = Duration::from_millis(u64::from_number(millis))
                },
            },
        )
    };
    (seconds $name:ident: $type:ty, $limit:expr) => {
        Kind::Whole(
            $limit,
            Access {
                get: |options| options.$name.map(|age| age.as_secs()),
                set: |options, seconds| options.$name = seconds.map(Duration::from_secs),
            },
        )
    };
    (choice $name:ident: $type:ty, $choice:expr) => {
        Kind::Choice(
            &$choice,
            Access {
                get: |options| options.$name as i32,
                // A number of no way never gets here.
                set: |options, number| {
                    options.$name = <$type>::from_number(number).unwrap_or(options.$name)
                },
            },
        )
    };
    // An option of another platform: its value is checked, and not kept.
    (unkept_flag $name:ident: $default:expr) => {
        Kind::Flag(Access {
            get: |_| $default,
            set: |_, _| {},
        })
    };
    (unkept_whole $name:ident: $default:expr, $limit:expr) => {
        Kind::Whole(
            $limit,
            Access {
                get: |_| Some($default),
                set: |_, _| {},
            },
        )
    };
}

/// Makes the struct `Options` with its defaults, a static `Row` named like each option, and the table of them.
///
/// - `kept`: field, type and default, the kind with what it needs to know, and further members of `Row` in braces. The
///   option is named like the field, unless the braces have a `name`: with a unit, which the type of the field has already.
/// - `unkept`: options without a field.
/// - `others`: fields that no text can be written for.
macro_rules! options {
    (
        $(#[$options_doc:meta])*
        kept {
            $($(#[$doc:meta])* $name:ident: $type:ty = $default:expr,
                as $kind:ident $(($($of:expr),+))? $({ $($more:ident: $value:expr),+ })?;)+
        }
        unkept {
            $($unkept:ident = $unkept_default:expr, as $unkept_kind:ident $(($($unkept_of:expr),+))?;)+
        }
        others {
            $($(#[$other_doc:meta])* $other:ident: $other_type:ty = $other_default:expr;)+
        }
    ) => {
        $(#[$options_doc])*
        #[derive(Clone)]
        pub(crate) struct Options {
            $($(#[$doc])* pub(crate) $name: $type,)+
            $($(#[$other_doc])* pub(crate) $other: $other_type,)+
        }

        impl Default for Options {
            /// The defaults alone; the environment is not read.
            fn default() -> Self {
                Self {
                    $($name: $default,)+
                    $($other: $other_default,)+
                }
            }
        }

        impl std::fmt::Debug for Options {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut fields = f.debug_struct("Options");
                for row in TABLE {
                    fields.field(row.name, &format_args!("{}", self.shown(row)));
                }
                $(fields.field(stringify!($other), &self.$other);)+
                fields.finish()
            }
        }

        $(
            #[expect(non_upper_case_globals, reason = "named like the option")]
            pub(crate) static $name: Row = Row {
                $($($more: $value,)+)?
                ..Row::new(stringify!($name), kind!($kind $name: $type $(, $($of),+)?))
            };
        )+
        $(
            #[expect(non_upper_case_globals, reason = "named like the option")]
            pub(crate) static $unkept: Row = Row::new(
                stringify!($unkept),
                kind!($unkept_kind $unkept: $unkept_default $(, $($unkept_of),+)?),
            );
        )+

        /// All options that can be written as text.
        pub(crate) static TABLE: &[&Row] = &[$(&$name,)+ $(&$unkept,)+];
    };
}

pub(super) use {kind, options, place};
