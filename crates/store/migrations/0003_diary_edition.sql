-- How often the diary was put in place. Every search reads it, to know whether what it remembers of services and Schedules still holds.
create table diary_edition (id NUMBER primary key, number NUMBER not null) ROWS;
insert into diary_edition (id, number) values (1, 0);
