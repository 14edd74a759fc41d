-- The end of each audit chain, kept in the transaction of its last record: a process that is killed leaves both, whoever cuts the
-- chain leaves this. `ended` is 1 once the process that wrote the chain has closed it.
create table audit_head (chain TEXT primary key, sequence NUMBER not null, hash BYTES not null, ended NUMBER not null) ROWS;
insert into audit_head (chain, sequence, hash, ended)
  select r.chain, r.sequence, r.hash, 0 from audit_record r
  where r.sequence = (select max(l.sequence) from audit_record l where l.chain = r.chain);
