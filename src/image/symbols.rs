//! Functions by address, from the symbols that the loader has in memory: those that are exported. No file is read.

use super::native;

/// The function at an address, and its module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Symbol {
    /// Name and start of the function, if one is exported at or before the address.
    pub(crate) function: Option<(String, usize)>,
    /// Path of the module, as it was loaded.
    pub(crate) package: String,
    /// Start of the module.
    pub(crate) image: usize,
}

/// The function at `address`; none outside of all modules. Waits while another thread loads a library.
pub(crate) fn find(address: usize) -> Option<Symbol> {
    let known = native::symbol(address)?;
    Some(Symbol {
        function: known.symbol,
        package: known.file,
        image: known.base,
    })
}
