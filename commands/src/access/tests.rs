use super::*;

/// The table, written down a second time, by hand: what each may do, and nothing else.
const EXPECTED: &[(Permission, [bool; 4])] = &[
    // admin, operator, viewer, system
    (Permission::ReadClusters, [true, true, true, false]),
    (Permission::ManageClusters, [true, true, false, false]),
    (Permission::ObserveClusters, [false, false, false, true]),
    (Permission::ReadUsers, [true, false, false, false]),
    (Permission::ManageUsers, [true, false, false, false]),
    (Permission::ManageSelf, [true, true, true, false]),
    (Permission::ReadAudit, [true, true, false, false]),
    (Permission::ReadPersonal, [true, false, false, false]),
    (Permission::ReadExports, [true, true, false, false]),
    (Permission::ManageExports, [true, false, false, false]),
    (Permission::RecordSignIns, [false, false, false, true]),
    (Permission::ManageTenants, [false, false, false, true]),
];

fn with(roles: &[Role]) -> Caller {
    let grant = Grant::User { roles: roles.iter().copied().collect(), session: Uuid::nil() };
    Caller { grant, ..Caller::system("test", crate::testing::tenant()) }
}

#[test]
fn every_role_may_do_exactly_what_the_table_says() {
    assert_eq!(
        EXPECTED.iter().map(|row| row.0).collect::<Vec<_>>(),
        Permission::ALL,
        "a permission is missing here"
    );
    let callers = [
        with(&[Role::Admin]),
        with(&[Role::Operator]),
        with(&[Role::Viewer]),
        Caller::system("x", crate::testing::tenant()),
    ];
    for (permission, expected) in EXPECTED {
        for (caller, expected) in callers.iter().zip(expected) {
            assert_eq!(
                caller.authorise(*permission).is_ok(),
                *expected,
                "{permission:?} for {:?}",
                caller.grant
            );
        }
    }
}

#[test]
fn without_a_role_everything_is_denied() {
    for permission in Permission::ALL {
        assert_eq!(with(&[]).authorise(permission), Err(Denied(permission)));
    }
}

#[test]
fn roles_add_up_and_never_take_away() {
    for permission in Permission::ALL {
        for one in Role::ALL {
            for other in Role::ALL {
                let either = with(&[one]).authorise(permission).is_ok()
                    || with(&[other]).authorise(permission).is_ok();
                assert_eq!(with(&[one, other]).authorise(permission).is_ok(), either);
            }
        }
    }
}

#[test]
fn every_role_stands_in_the_table_once() {
    for role in Role::ALL {
        assert_eq!(TABLE.iter().filter(|(known, _)| *known == role).count(), 1, "{role:?}");
    }
}

#[test]
fn wire_names_are_unique() {
    let names: BTreeSet<&str> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
    assert_eq!(names.len(), Permission::ALL.len());
}

#[test]
fn only_users_have_a_session() {
    assert_eq!(with(&[Role::Viewer]).session(), Some(Uuid::nil()));
    assert_eq!(Caller::system("x", crate::testing::tenant()).session(), None);
}
