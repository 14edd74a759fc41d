//! How a diary is put in place, and how Slots are added to it.

use async_trait::async_trait;

use super::{DiaryContent, Include, NewSlot, Resource, ScheduleOffer, ServiceOffer};
use crate::AuditRecord;
use crate::appointments::write::forget_all;
use crate::error::Result;
use crate::group_commit::{EVERYTHING, Operation, Ruling};
use crate::sql::{Session, Step, Value};

/// Puts a diary in place of the one that is there.
pub(crate) struct Load {
    pub(crate) content: DiaryContent,
    pub(crate) audit: Option<AuditRecord>,
}

/// Adds Slots.
pub(crate) struct AddSlots {
    pub(crate) slots: Vec<NewSlot>,
    pub(crate) audit: Option<AuditRecord>,
}

#[async_trait]
impl Operation for Load {
    type Outcome = ();

    fn keys(&self) -> Vec<String> {
        vec![EVERYTHING.to_owned()]
    }

    async fn run(&self, session: &mut Session) -> Result<Ruling<()>> {
        forget_all(session).await?;
        for sql in [
            "delete from service",
            "delete from service_name",
            "delete from service_schedule",
            "delete from resource",
            "delete from schedule_related",
            "delete from slot",
            // What anybody remembers of the diary is of another edition now.
            "update diary_edition set number = number + 1",
        ] {
            session.execute(sql, &[]).await?;
        }
        let content = &self.content;
        let steps: Vec<Step<'_>> = content
            .services
            .iter()
            .flat_map(service_steps)
            .chain(content.schedules.iter().flat_map(schedule_steps))
            .chain(content.resources.iter().map(resource_step))
            .chain(content.slots.iter().map(slot_step))
            .collect();
        session.steps(&steps).await?;
        Ok(Ruling::Done(()))
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        self.audit.take()
    }
}

#[async_trait]
impl Operation for AddSlots {
    type Outcome = ();

    fn keys(&self) -> Vec<String> {
        vec!["slots are added".to_owned()]
    }

    async fn run(&self, session: &mut Session) -> Result<Ruling<()>> {
        let steps: Vec<Step<'_>> = self.slots.iter().map(slot_step).collect();
        session.steps(&steps).await?;
        Ok(Ruling::Done(()))
    }

    fn audit(&mut self) -> Option<AuditRecord> {
        self.audit.take()
    }
}

fn service_steps(service: &ServiceOffer) -> impl Iterator<Item = Step<'_>> {
    let itself = Step::following("insert into service (id) values (?1)", [(&service.id).into()]);
    let names = std::iter::once(&service.id).chain(&service.names).map(|name| {
        let row: [Value<'_>; 2] = [name.into(), (&service.id).into()];
        Step::following("insert into service_name (name, service_id) values (?1, ?2) on conflict do nothing", row)
    });
    let schedules = service.schedules.iter().map(|schedule| {
        let row: [Value<'_>; 2] = [(&service.id).into(), schedule.into()];
        Step::following(
            "insert into service_schedule (service_id, schedule_id) values (?1, ?2) on conflict do nothing",
            row,
        )
    });
    std::iter::once(itself).chain(names).chain(schedules)
}

fn schedule_steps(schedule: &ScheduleOffer) -> impl Iterator<Item = Step<'_>> {
    let itself = (Include::Schedule, &schedule.id);
    let related = schedule.related.iter().map(|(include, id)| (*include, id));
    std::iter::once(itself).chain(related).map(|(include, id)| {
        let row: [Value<'_>; 3] = [(&schedule.id).into(), include.resource_type().into(), id.into()];
        Step::following(
            "insert into schedule_related (schedule_id, include, id) values (?1, ?2, ?3) on conflict do nothing",
            row,
        )
    })
}

fn resource_step(resource: &Resource) -> Step<'_> {
    let row: [Value<'_>; 3] = [(&resource.resource_type).into(), (&resource.id).into(), (&resource.content).into()];
    Step::following("insert into resource (type, id, content) values (?1, ?2, ?3)", row)
}

fn slot_step(slot: &NewSlot) -> Step<'_> {
    let (system, value) = slot.identifier.as_ref().map_or((None, None), |(system, value)| (Some(system), Some(value)));
    let row: [Value<'_>; 8] = [
        (&slot.id).into(),
        (&slot.schedule_id).into(),
        slot.start.into(),
        slot.end.into(),
        slot.status.code().into(),
        system.into(),
        value.into(),
        (&slot.fragment).into(),
    ];
    Step::following(
        "insert into slot (id, schedule_id, start_at, end_at, status, identifier_system, identifier_value, fragment)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        row,
    )
}
