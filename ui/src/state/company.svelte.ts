/** What an administrator is changing of what holds for everybody; kept while the window is there. */
import type { CompanyRow } from '../api/generated/CompanyRow';
import type { CompanySettings } from '../api/generated/CompanySettings';

export class CompanyForm {
  /** The state that it was filled from. */
  revision = $state(0);
  /** Before the company is known there is nothing to change. */
  settings = $state<CompanySettings | null>(null);
  /** Whether anything was typed since. */
  isTouched = $state(false);
  /** What was refused, and the field that it is about if it is about one. */
  fault = $state<{ field: string | null; text: string } | null>(null);

  /** Fills it with the settings that hold; what was typed is given up. */
  take({ revision, settings }: CompanyRow): void {
    this.revision = revision;
    this.settings = structuredClone($state.snapshot(settings)) as CompanySettings;
    this.fault = null;
    this.isTouched = false;
  }

  /** Follows what somebody else has saved, unless something was typed here. */
  follow(company: CompanyRow): void {
    if (this.settings === null || (company.revision !== this.revision && !this.isTouched)) {
      this.take(company);
    }
  }

  /** Nobody is signed in: what somebody else has begun to change is not to be seen. */
  forget(): void {
    this.settings = null;
    this.fault = null;
    this.isTouched = false;
  }
}
