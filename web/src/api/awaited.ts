// Shapes that the contract doesn't have yet; each goes as soon as it does.

/** `GET /api/v1/overview` */
export interface Overview {
  as_of: string;
  plays_now: number;
  reports_per_second: number;
  waiting: number;
  reports: number;
  verdicts: Record<string, number>;
  plays: number;
  statuses: Record<string, number>;
  sums_hold: boolean;
  hours: OverviewHour[];
}

export interface OverviewHour {
  hour: string;
  reports: number;
  verdicts: Record<string, number>;
  plays: number;
  statuses: Record<string, number>;
}

/** `GET /api/v1/royalty/earnings` */
export interface MonthEarnings {
  period: string;
  state: 'closed' | 'estimate';
  as_of: string;
  party: string;
  by: string;
  rows: EarnedRow[];
  rows_total: number;
  totals: { currency: string; amount: string; adjusted: string }[];
}

export interface EarnedRow {
  key: string | null;
  title: string | null;
  plays: number;
  amount: string;
  adjusted: string;
  currency: string;
}

/** `GET /api/v1/royalty/earnings/days` */
export interface DaysHeard {
  period: string;
  party: string;
  state: 'closed' | 'estimate';
  days: { day: string; plays: number }[];
  plays: number;
}

/** `POST /api/v1/royalty/trials` */
export interface TrialResult {
  currency: string;
  fee: string;
  pool_share: string;
  pools: { pro_rata: string; user_centric: string };
  listeners: { name: string; plays: number; counted: number }[];
  artists: TrialArtist[];
  cent: TrialCent | null;
  left_out: string[];
}

export interface TrialArtist {
  artist: string | null;
  plays: number;
  listeners: number;
  pro_rata: string;
  user_centric: string;
  difference: string;
}

export interface TrialCent {
  artist: string | null;
  plays: number;
  worth_micros: string;
  first_plays: { listener: string; track: string; started_at: string; of_plays: number; worth_micros: string }[];
  plays_pro_rata: number | null;
}

/** `GET /api/v1/invitations` */
export interface Invitation {
  id: string;
  role: 'rights_holder' | 'label' | 'finance' | 'admin';
  parties: string[] | null;
  note: string;
  state: 'open' | 'used' | 'revoked' | 'expired';
  created_by: string;
  created_at: string;
  expires_at: string;
}
