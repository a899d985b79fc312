'use client';

import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { z } from 'zod';
import { type FieldMessages, type FieldsByCode, messagesOf, messagesOfRefusal } from './field-messages.ts';

export interface FormRequest<Schema extends z.ZodType> {
  /** Of the operation that the form calls: the definition's own, so that form and API agree. */
  readonly schema: Schema;
  /** The request as the fields have it; `text` reads a field by its name. */
  readonly read: (text: (name: string) => string) => unknown;
  readonly onValid: (values: z.output<Schema>) => void;
  /** Why the platform refused the last try. */
  readonly refusal?: unknown;
  /** Refusals that are about one field. */
  readonly fieldsByCode?: FieldsByCode;
}

const noCodes: FieldsByCode = {};

/** A form that checks before it sends, and says at each field what is wrong with it. The first such field gets the focus. */
export function useForm<Schema extends z.ZodType>(request: FormRequest<Schema>) {
  const { schema, read, onValid, refusal, fieldsByCode = noCodes } = request;
  const form = useRef<HTMLFormElement>(null);
  const [found, setFound] = useState<FieldMessages>({});
  const [seen, setSeen] = useState<unknown>();
  const isFresh = refusal !== undefined && refusal !== null && refusal !== seen;
  const refused = isFresh ? messagesOfRefusal(refusal, fieldsByCode) : {};

  useEffect(() => {
    focusFirst(form.current, messagesOfRefusal(refusal, fieldsByCode));
  }, [refusal, fieldsByCode]);

  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const values = read((name) => String(data.get(name) ?? ''));
    const parsed = schema.safeParse(values);
    const messages = parsed.success ? {} : messagesOf(parsed.error, values);
    setFound(messages);
    setSeen(refusal);
    if (parsed.success) onValid(parsed.data);
    else focusFirst(event.currentTarget, messages);
  };
  const forget = (name: string) => {
    if (found[name] !== undefined) setFound(({ [name]: _gone, ...rest }) => rest);
    if (refused[name] !== undefined) setSeen(refusal);
  };
  const onInput = ({ target }: FormEvent<HTMLFormElement>) => {
    if (target instanceof HTMLInputElement) forget(target.name);
  };
  return {
    /** For the `form` element. The browser's own bubbles stay away: they cannot be styled, and vanish. */
    props: { ref: form, noValidate: true, onSubmit, onInput },
    /** What is wrong with a field, if anything is. */
    errorOf: (name: string): string | undefined => found[name] ?? refused[name],
    /** For a field that is no input: it was changed. */
    forget,
    /** The refusal, where it is about no single field. */
    refusal: isFresh && Object.keys(refused).length === 0 ? refusal : undefined,
  };
}

function focusFirst(form: HTMLFormElement | null, messages: FieldMessages): void {
  for (const element of form?.elements ?? []) {
    if (element instanceof HTMLInputElement && messages[element.name] !== undefined) {
      element.focus();
      return;
    }
  }
}
