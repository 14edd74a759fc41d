-- The tables of every role; a role leaves those that it has no use for empty.
-- Written once for both databases: TEXT, NUMBER and BYTES are each one's own types; `) ROWS` ends a table whose rows are kept in the
-- order of arrival, `) KEYED` one whose rows are small and kept in the order of the primary key; a line that begins with ON and the
-- name of a database is for that one alone.

create table service (id TEXT primary key) ROWS;
-- Every value by which a service may be named, its id among them.
create table service_name (name TEXT not null, service_id TEXT not null, primary key (name, service_id)) KEYED;
create table service_schedule (service_id TEXT not null, schedule_id TEXT not null, primary key (service_id, schedule_id)) KEYED;

create table resource (type TEXT not null, id TEXT not null, content BYTES not null, primary key (type, id)) ROWS;
-- What a slot search may include for a Schedule: `include` is one of the six, `id` the resource that it brings.
create table schedule_related (
  schedule_id TEXT not null, include TEXT not null, id TEXT not null, primary key (schedule_id, include, id)) KEYED;

create table slot (
  id TEXT primary key, schedule_id TEXT not null, start_at NUMBER not null, end_at NUMBER not null, status TEXT not null,
  identifier_system TEXT, identifier_value TEXT, appointment_id TEXT, fragment BYTES not null) ROWS;
-- A search reads these two alone until it knows which Slots it shows.
create index slot_of_schedule on slot (schedule_id, start_at, id, status);
create index slot_by_start on slot (start_at, id, status);
create unique index slot_by_identifier on slot (identifier_value, identifier_system) where identifier_value is not null;
create index slot_of_appointment on slot (appointment_id) where appointment_id is not null;

-- A request that was carried out, and what it made or changed.
create table request (
  consumer TEXT not null, id TEXT not null, appointment_id TEXT not null, primary key (consumer, id)) KEYED;
-- `pointer` is the Registry's, the document rows are the Provider's.
create table appointment (
  id TEXT primary key, version NUMBER not null, pointer TEXT, start_at NUMBER not null, end_at NUMBER) ROWS;
create unique index appointment_by_pointer on appointment (pointer) where pointer is not null;
create table appointment_version (
  appointment_id TEXT not null, version NUMBER not null, status TEXT not null, stored_at NUMBER not null, content BYTES not null,
  primary key (appointment_id, version)) ROWS;
create table appointment_patient (
  patient TEXT not null, start_at NUMBER not null, appointment_id TEXT not null,
  primary key (patient, start_at, appointment_id)) KEYED;
create table appointment_document (
  identifier TEXT not null, appointment_id TEXT not null, primary key (identifier, appointment_id)) KEYED;

-- `position` is the order in which chains began; `named` how far a later chain has named this one's head.
create table audit_chain (position NUMBER primary key, id TEXT not null unique, named NUMBER not null) ROWS;
create table audit_record (
  chain TEXT not null, sequence NUMBER not null, recorded_at NUMBER not null, trace_id TEXT not null, requirement TEXT not null,
  body BYTES not null, hash BYTES not null, primary key (chain, sequence)) ROWS;
create index audit_record_by_trace on audit_record (trace_id) where trace_id <> '';
create index audit_record_by_time on audit_record (recorded_at);

create table token_client (id TEXT primary key, name TEXT not null, enabled NUMBER not null) ROWS;
create table token_secret (
  client_id TEXT not null, id TEXT not null, hash TEXT not null, created_at NUMBER not null, expires_at NUMBER,
  primary key (client_id, id)) KEYED;
create table token_group (
  client_id TEXT not null, position NUMBER not null, name TEXT not null, primary key (client_id, position)) KEYED;

-- A removed entry stays as a row without attributes, so that readers learn of it.
create table directory_entry (key TEXT primary key, dn TEXT not null, changed NUMBER not null, removed NUMBER not null) ROWS;
create index directory_entry_by_change on directory_entry (changed);
create table directory_attribute (
  key TEXT not null, position NUMBER not null, name TEXT not null, value BYTES not null, primary key (key, position)) KEYED;
create table directory_counter (id NUMBER primary key, value NUMBER not null) ROWS;
insert into directory_counter (id, value) values (1, 0);

create table outbox (
  id TEXT primary key, position NUMBER not null, subject TEXT not null, content BYTES not null, created_at NUMBER not null,
  attempts NUMBER not null, due_at NUMBER not null, last_failure TEXT not null) ROWS;
create index outbox_by_position on outbox (position);

create table setting (name TEXT primary key, value BYTES not null) ROWS;
