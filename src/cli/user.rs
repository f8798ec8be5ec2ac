//! `jenny user`: adds, lists, removes and changes the users of a data directory.

use anyhow::Result;
use serde_json::json;

use super::args::{NewPassword, UserArgs, UserCommand};
use super::config;
use super::exit::Failure;
use super::output::escape;
use super::password;
use super::signal;
use super::users::{APPLIED, UsersFile};
use crate::api::{Role, User, Users};

/// What the first user changes.
const DEFAULT_USER_ENDS: &str = "\njenny with the password 1234 is disabled from now on";

/// Runs the command.
pub(super) fn run(args: &UserArgs, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let place = &args.place;
    let file = config::users_file(&place.data_dir, place.config.as_deref(), env)?;
    // A question that is interrupted leaves the terminal as it was. A change is one step.
    let _unfinished = signal::exit_at_once()?;
    match &args.command {
        UserCommand::Add { name, role, password } => {
            add(&file, name, role.map(Role::from), password)
        }
        UserCommand::List { json } => list(&file, *json),
        UserCommand::Remove { name } => {
            file.change(|users| remove(users, name, &file))?;
            done(&format!("removed user `{}`", escape(name)));
            Ok(())
        }
        UserCommand::Passwd { name, password } => passwd(&file, name, password),
        UserCommand::Role { name, role } => {
            let role = Role::from(*role);
            file.change(|users| set_role(users, name, role, &file))?;
            done(&format!("user `{}` has the role {role}", escape(name)));
            Ok(())
        }
    }
}

fn add(file: &UsersFile, name: &str, role: Option<Role>, password: &NewPassword) -> Result<()> {
    let users = file.listed()?;
    let role = match role {
        Some(role) => role,
        None if users.is_empty() => Role::Operator,
        None => {
            return Err(Failure::usage(format!("what may user `{}` do?", escape(name)))
                .hint("add --role monitor, reader, writer or operator")
                .hint("writer is enough for an application that adds records")
                .into());
        }
    };
    // Before the question: whether the name can be added at all.
    file.check_name(name)?;
    let password = password::new(name, password.file.as_deref())?;
    file.add(password::user(name, &password, role)?)?;
    let ends = if users.is_empty() { DEFAULT_USER_ENDS } else { "" };
    let (name, path) = (escape(name), file.path().display());
    done(&format!("added user `{name}` with the role {role} to {path}{ends}"));
    Ok(())
}

fn list(file: &UsersFile, as_json: bool) -> Result<()> {
    let users = file.listed()?;
    for user in users.as_slice() {
        if as_json {
            super::print_json(&json!({ "name": user.name, "role": user.role }))?;
        } else {
            super::print(&format!("{:<8}  {}", user.role.to_string(), escape(&user.name)))?;
        }
    }
    if users.is_empty() && !as_json {
        super::print(&format!("{} lists no user", file.path().display()))?;
    }
    Ok(())
}

fn passwd(file: &UsersFile, name: &str, password: &NewPassword) -> Result<()> {
    let role = find(&file.listed()?, name, file)?.role;
    let password = password::new(name, password.file.as_deref())?;
    let hash = password::user(name, &password, role)?.hash;
    file.change(|users| {
        find(users, name, file)?;
        Ok(changed(users, name, |user| user.hash.clone_from(&hash)))
    })?;
    done(&format!("user `{}` has a new password", escape(name)));
    Ok(())
}

fn remove(users: &Users, name: &str, file: &UsersFile) -> Result<Vec<User>> {
    let user = find(users, name, file)?;
    if users.as_slice().len() == 1 {
        return Err(Failure::usage(format!("`{}` is the only user", escape(name)))
            .hint("without a user nobody can use the API; add another one first")
            .into());
    }
    check_last_operator(users, user)?;
    let others = users.as_slice().iter().filter(|user| user.name != name);
    Ok(others.cloned().collect())
}

fn set_role(users: &Users, name: &str, role: Role, file: &UsersFile) -> Result<Vec<User>> {
    let user = find(users, name, file)?;
    if role != Role::Operator {
        check_last_operator(users, user)?;
    }
    Ok(changed(users, name, |user| user.role = role))
}

/// Refuses to take away the last operator, who alone can manage peers and forks.
fn check_last_operator(users: &Users, user: &User) -> Result<()> {
    let mut operators = users.as_slice().iter().filter(|user| user.role == Role::Operator);
    if operators.next().is_some_and(|first| first == user) && operators.next().is_none() {
        return Err(Failure::usage(format!("`{}` is the last operator", escape(&user.name)))
            .hint("make another user one first: `jenny user role NAME operator`")
            .into());
    }
    Ok(())
}

fn find<'a>(users: &'a Users, name: &str, file: &UsersFile) -> Result<&'a User> {
    let user = users.as_slice().iter().find(|user| user.name == name);
    user.ok_or_else(|| {
        let message = format!("{} lists no user `{}`", file.path().display(), escape(name));
        Failure::no(message).hint("`jenny user list` shows all of them").into()
    })
}

fn changed(users: &Users, name: &str, change: impl Fn(&mut User)) -> Vec<User> {
    let mut users = users.as_slice().to_vec();
    users.iter_mut().filter(|user| user.name == name).for_each(change);
    users
}

/// Says what was done; a reader who left does not undo it.
fn done(what: &str) {
    drop(super::print(&format!("{what}\n{APPLIED}")));
}
