-- People who sign in: the tables of Better Auth (its own plan for the plugins in use), in a schema of their own behind a
-- role of their own. freehold_app can't see them, and freehold_auth sees nothing of a tenant.
-- As the login, because freehold_owner can make neither roles nor schemas.
reset role;
do $$
begin
  create role freehold_auth nologin nosuperuser nobypassrls nocreatedb nocreaterole;
exception when duplicate_object or unique_violation then
  null; -- another database of this cluster has Freehold too
end $$;
grant freehold_auth to current_user;
-- Logins of servers that were made a member of freehold_app alone need the other role from now on.
do $$
declare
  login text;
begin
  for login in
    select m.rolname from pg_auth_members a join pg_roles m on m.oid = a.member
     where a.roleid = 'freehold_app'::regrole and m.rolcanlogin and m.rolname <> current_user
  loop
    execute format('grant freehold_auth to %I', login);
  end loop;
end $$;
create schema freehold_auth authorization freehold_owner;
set local role freehold_owner;
grant usage on schema freehold_auth to freehold_auth;

create table freehold_auth."user" (
  "id" text not null primary key,
  "name" text not null,
  "email" text not null unique,
  "emailVerified" boolean not null,
  "image" text,
  "createdAt" timestamptz default current_timestamp not null,
  "updatedAt" timestamptz default current_timestamp not null,
  "twoFactorEnabled" boolean
);

create table freehold_auth."session" (
  "id" text not null primary key,
  "expiresAt" timestamptz not null,
  "token" text not null unique,
  "createdAt" timestamptz default current_timestamp not null,
  "updatedAt" timestamptz not null,
  "ipAddress" text,
  "userAgent" text,
  "userId" text not null references freehold_auth."user" ("id") on delete cascade
);

create table freehold_auth."account" (
  "id" text not null primary key,
  "accountId" text not null,
  "providerId" text not null,
  "userId" text not null references freehold_auth."user" ("id") on delete cascade,
  "accessToken" text,
  "refreshToken" text,
  "idToken" text,
  "accessTokenExpiresAt" timestamptz,
  "refreshTokenExpiresAt" timestamptz,
  "scope" text,
  "password" text,
  "createdAt" timestamptz default current_timestamp not null,
  "updatedAt" timestamptz not null,
  -- Ours: two sign-ins at once must not make two of one.
  unique ("providerId", "accountId")
);

create table freehold_auth."verification" (
  "id" text not null primary key,
  "identifier" text not null,
  "value" text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz default current_timestamp not null,
  "updatedAt" timestamptz default current_timestamp not null
);

create table freehold_auth."twoFactor" (
  "id" text not null primary key,
  "secret" text not null,
  "backupCodes" text not null,
  "userId" text not null references freehold_auth."user" ("id") on delete cascade,
  "verified" boolean,
  "failedVerificationCount" integer,
  "lockedUntil" timestamptz
);

create table freehold_auth."passkey" (
  "id" text not null primary key,
  "name" text,
  "publicKey" text not null,
  "userId" text not null references freehold_auth."user" ("id") on delete cascade,
  "credentialID" text not null,
  "counter" integer not null,
  "deviceType" text not null,
  "backedUp" boolean not null,
  "transports" text,
  "createdAt" timestamptz,
  "aaguid" text
);

create index "session_userId_idx" on freehold_auth."session" ("userId");
create index "account_userId_idx" on freehold_auth."account" ("userId");
create index "verification_identifier_idx" on freehold_auth."verification" ("identifier");
create index "twoFactor_secret_idx" on freehold_auth."twoFactor" ("secret");
create index "twoFactor_userId_idx" on freehold_auth."twoFactor" ("userId");
create index "passkey_userId_idx" on freehold_auth."passkey" ("userId");
create index "passkey_credentialID_idx" on freehold_auth."passkey" ("credentialID");

grant select, insert, update, delete on all tables in schema freehold_auth to freehold_auth;
