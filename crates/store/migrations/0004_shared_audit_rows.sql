-- A row with marks holds all the records of one transaction: `body` has them one after the other, `sequence` and `hash` are those of the
-- last, `recorded_at` is the earliest time among them, and each four bytes of `marks` stand for a call by which the row is found.
alter table audit_record add column marks BYTES;
create index audit_record_shared on audit_record (recorded_at, chain, sequence) where marks is not null;
-- PostgreSQL need not spend time on packing what is written once and hardly ever read.
ON_POSTGRES alter table audit_record alter column body set storage external, alter column marks set storage external;
ON_POSTGRES alter table appointment_version set (toast_tuple_target = 8160);
