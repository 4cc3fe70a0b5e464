//! What the fields of a type take, told from its schema in the document.
//!
//! The library itself reads a number where a text is expected, and its refusals quote the value,
//! which may be a password: so fields are checked here, before it reads them.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde_json::Value;

use crate::error::FieldProblem;

/// One field of a type.
pub(super) struct Field {
    pub(super) name: &'static str,
    required: bool,
    schema: MetaSchema,
}

/// Schemas are built once per type.
static FIELDS: LazyLock<RwLock<HashMap<TypeId, Arc<[Field]>>>> = LazyLock::new(RwLock::default);

/// The fields of `T`; none when it is no object.
pub(super) fn of<T: Type + 'static>() -> Arc<[Field]> {
    let id = TypeId::of::<T>();
    // What a panic could leave behind is whole: entries are only ever added.
    if let Some(fields) = FIELDS.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&id) {
        return fields.clone();
    }
    let fields = describe::<T>();
    FIELDS.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(id, fields.clone());
    fields
}

fn describe<T: Type>() -> Arc<[Field]> {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let schema_ref = T::schema_ref();
    let Some(object) = resolve(&schema_ref, &registry) else { return Arc::default() };
    let field = |(name, schema): &(&'static str, MetaSchemaRef)| {
        let schema = resolve(schema, &registry)?.clone();
        Some(Field { name, required: object.required.contains(name), schema })
    };
    object.properties.iter().filter_map(field).collect()
}

fn resolve<'a>(schema: &'a MetaSchemaRef, registry: &'a Registry) -> Option<&'a MetaSchema> {
    match schema {
        MetaSchemaRef::Inline(schema) => Some(schema),
        MetaSchemaRef::Reference(name) => registry.schemas.get(name),
    }
}

/// What is wrong with the fields of `value`.
pub(super) fn problems(fields: &[Field], value: &Value) -> Vec<FieldProblem> {
    let problem = |field: &Field| {
        let message = match value.get(field.name) {
            None | Some(Value::Null) if field.required => Some("This field is needed.".to_owned()),
            None | Some(Value::Null) => None,
            Some(given) => mismatch(&field.schema, given),
        };
        message.map(|message| FieldProblem::new(field.name, message))
    };
    fields.iter().filter_map(problem).collect()
}

fn mismatch(expected: &MetaSchema, given: &Value) -> Option<String> {
    let (fits, wanted) = match expected.ty {
        "string" => (given.is_string(), "a text"),
        "integer" => (given.is_i64() || given.is_u64(), "a whole number"),
        "number" => (given.is_number(), "a number"),
        "boolean" => (given.is_boolean(), "true or false"),
        "array" => (given.is_array(), "a list"),
        "object" => (given.is_object(), "an object"),
        _ => return None,
    };
    if !fits {
        return Some(format!("This must be {wanted}."));
    }
    if !expected.enum_items.is_empty() && !expected.enum_items.contains(given) {
        return Some("This is none of the values that are taken here.".to_owned());
    }
    let length = given.as_str()?.chars().count();
    match (expected.min_length, expected.max_length) {
        (Some(least), _) if length < least => Some(format!("At least {least} characters are needed.")),
        (_, Some(most)) if length > most => Some(format!("At most {most} characters fit here.")),
        _ => None,
    }
}
