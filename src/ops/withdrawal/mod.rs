//! Lists of packages that their makers have withdrawn.
//!
//! A list is about one product, as the sequence of packages is, and takes the place of the list
//! before: who has the highest sequence of a product knows all that is withdrawn of it. It is
//! signed by the keys that sign packages, and counts where the policy would let those keys apply
//! the packages that it withdraws ([`ops::policy`](super::policy)).
//!
//! | against | stands |
//! |---|---|
//! | an old list, given again | the sequence: a machine never goes back to a lower one |
//! | a new list that is kept away | the expiry: where the list of a product has expired, nothing of that product is applied any more |
//! | a list that lets go of what was withdrawn | who lets go needs the signatures that withdrawing needs |
//!
//! Everything here is pure: [`List`] is what a list says, [`SignedList`] the file.

mod list;
mod signed;

pub use list::{FORMAT, List, ListError, MAX_ENTRIES, Withdrawn};
pub use signed::{MAX_FILE, SignedList, SignedListError, is_list, message};
