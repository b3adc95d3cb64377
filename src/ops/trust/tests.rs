use super::*;
use crate::package::testing::key;

pub(super) fn store() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub(super) fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    set_mode(path, 0o644);
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn every_pem_file_is_a_key_and_other_files_are_not() {
    let store = store();
    write(&store.path().join("b.pem"), &key(2).public().to_pem());
    write(&store.path().join("a.PEM"), &key(1).public().to_pem());
    write(&store.path().join("README.txt"), "keys of the release team");
    let read = Store::load(store.path()).unwrap();
    assert_eq!(read.ids(), [key(1).public().id(), key(2).public().id()]);
    assert_eq!(
        (read.policy, read.state),
        (Policy::default(), State::default())
    );
}

#[test]
fn no_folder_is_an_error() {
    let store = store();
    assert!(Store::load(store.path()).unwrap().keys.is_empty());
    let none = store.path().join("none");
    assert!(matches!(Store::load(&none), Err(TrustError::Missing(_))));
}

#[test]
fn one_bad_file_spoils_the_store() {
    for bad in ["", "hello", &*key(3).to_pem(None).unwrap()] {
        let store = store();
        write(&store.path().join("a.pem"), &key(1).public().to_pem());
        write(&store.path().join("b.pem"), bad);
        let error = Store::load(store.path()).unwrap_err();
        assert!(matches!(&error, TrustError::Key { path, .. } if path.ends_with("b.pem")));
    }
    let store = store();
    write(&store.path().join("a.pem"), &"x".repeat(MAX_KEY_FILE + 1));
    assert!(matches!(
        Store::load(store.path()),
        Err(TrustError::Read { .. })
    ));
}

#[cfg(unix)]
#[test]
fn what_others_can_write_is_not_trusted() {
    for mode in [0o664, 0o646, 0o666] {
        for name in ["a.pem", "policy.toml", "state.toml"] {
            let store = store();
            write(&store.path().join("a.pem"), &key(1).public().to_pem());
            write(&store.path().join("policy.toml"), "format = 1");
            write(&store.path().join("state.toml"), "format = 1");
            assert!(Store::load(store.path()).is_ok());
            let refused = || match Store::load(store.path()) {
                Err(TrustError::Writable { reason, .. }) => reason,
                other => panic!("{other:?}"),
            };
            set_mode(&store.path().join(name), mode);
            assert!(refused().contains(&format!("{mode:#o}")));
            set_mode(&store.path().join(name), 0o644);
            set_mode(store.path(), mode | 0o111);
            refused();
            set_mode(store.path(), 0o1777);
            refused();
        }
    }
}

#[cfg(unix)]
#[test]
fn nobody_may_put_another_store_in_its_place() {
    let folder = store();
    let above = folder.path().join("above");
    let path = above.join("trust");
    fs::create_dir_all(&path).unwrap();
    assert!(Store::load(&path).is_ok());
    set_mode(&above, 0o777);
    assert!(
        matches!(Store::load(&path), Err(TrustError::Writable { path, .. }) if path.ends_with("above"))
    );
    set_mode(&above, 0o1777);
    assert!(Store::load(&path).is_ok());
}

#[cfg(unix)]
#[test]
fn what_belongs_to_somebody_else_is_not_trusted() {
    let store = store();
    let path = store.path().join("a.pem");
    write(&path, &key(1).public().to_pem());
    let other = Some(65_534);
    match std::os::unix::fs::chown(&path, other, None) {
        Ok(()) => {
            let refused = Store::load(store.path());
            assert!(
                matches!(refused, Err(TrustError::Writable { reason, .. }) if reason.contains("uid 65534"))
            );
        }
        // Only root can give files away; the file of another user is then one of root's, and
        // root is trusted.
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::PermissionDenied),
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_read() {
    let store = store();
    write(&store.path().join("key"), &key(1).public().to_pem());
    std::os::unix::fs::symlink("key", store.path().join("a.pem")).unwrap();
    assert!(matches!(
        Store::load(store.path()),
        Err(TrustError::Read { .. })
    ));
}

#[test]
fn a_policy_may_name_only_keys_that_are_there() {
    let store = store();
    write(&store.path().join("a.pem"), &key(1).public().to_pem());
    let name = |seed| {
        let id = key(seed).public().id();
        write(
            &store.path().join("policy.toml"),
            &format!("format = 1\n[[key]]\nid = \"{id}\""),
        );
        Store::load(store.path())
    };
    assert!(name(1).is_ok());
    assert!(matches!(name(2), Err(TrustError::UnknownKey { .. })));
}

#[test]
fn a_policy_that_is_not_understood_is_not_ignored() {
    let store = store();
    write(
        &store.path().join("policy.toml"),
        "format = 1\nstrict = true",
    );
    assert!(matches!(
        Store::load(store.path()),
        Err(TrustError::Policy { .. })
    ));
}
