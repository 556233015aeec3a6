/** What supervisors manage of automatic texts, hours and direction; kept while the window is there. */
import type { Backend } from '../api/backend';
import type { AutomaticTexts } from '../api/generated/AutomaticTexts';
import type { DirectionRule } from '../api/generated/DirectionRule';
import type { WorkingHours } from '../api/generated/WorkingHours';
import { Managed } from './managed.svelte';

export class AutomaticState {
  readonly texts: Managed<AutomaticTexts>;
  readonly hours: Managed<WorkingHours | null>;
  readonly rules: Managed<DirectionRule[]>;

  constructor(backend: Backend) {
    this.texts = new Managed(
      async () => {
        const { revision, texts } = await backend.automaticTexts();
        return { revision, value: texts };
      },
      async ({ revision, value }) => {
        const kept = await backend.putAutomaticTexts({ revision, texts: value });
        return { revision: kept.revision, value: kept.texts };
      },
    );
    this.hours = new Managed(
      async () => {
        const { revision, hours } = await backend.workingHours();
        return { revision, value: hours };
      },
      async ({ revision, value }) => {
        const kept = await backend.putWorkingHours({ revision, hours: value });
        return { revision: kept.revision, value: kept.hours };
      },
    );
    this.rules = new Managed(
      async () => {
        const { revision, rules } = await backend.directions();
        return { revision, value: rules };
      },
      async ({ revision, value }) => {
        const kept = await backend.putDirections({ revision, rules: value });
        return { revision: kept.revision, value: kept.rules };
      },
    );
  }

  /** Nobody is signed in: what somebody else has begun to change is not to be seen. */
  forget(): void {
    for (const managed of [this.texts, this.hours, this.rules]) managed.forget();
  }
}
