import type { ErrorBody } from "./types";

/** A failed request: the API's error, or `away` if no answer came. */
export class ApiError extends Error {
  /**
   * A stable code, for programs: `not_found`, `gone`, `forbidden`, `busy` …; `away` if the collector did not
   * answer.
   */
  readonly code: string;
  /** The HTTP status; 0 if the collector did not answer. */
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }

  /** No answer came: the collector stopped, or the network is down. */
  static away(): ApiError {
    return new ApiError(0, "away", "the collector does not answer");
  }

  /** The error of a response that is not ok. Proxies answer with pages of their own, which have another shape. */
  static async of(response: Response): Promise<ApiError> {
    const body: unknown = await response.json().catch(() => undefined);
    if (isErrorBody(body)) {
      return new ApiError(response.status, body.error.code, body.error.message);
    }
    const words = response.statusText || "no reason was given";
    return new ApiError(response.status, "http", `the answer was ${response.status}: ${words}`);
  }

  /** Whether a proxy in front of the collector reports that it is unavailable. */
  get isAway(): boolean {
    return this.code === "away" || (this.code === "http" && [502, 503, 504].includes(this.status));
  }

  /** Whether the requested object does not exist, or no longer exists. */
  get isMissing(): boolean {
    return this.status === 404 || this.status === 410;
  }
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== "object" || body === null || !("error" in body)) {
    return false;
  }
  const { error } = body;
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    typeof error.code === "string" &&
    "message" in error &&
    typeof error.message === "string"
  );
}

/** The error's text for people, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
