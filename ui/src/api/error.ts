import type { ErrorBody } from "./types";

/** Every failed request: what the API's one error shape says, or `away` where no answer came. */
export class ApiError extends Error {
  /** For programs: `not_found`, `gone`, `forbidden`, `busy` …; `away` where the collector did not answer. */
  readonly code: string;
  /** The HTTP status; 0 where the collector did not answer. */
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

  /** The error of a response that is not ok. Proxies answer with pages of their own, which have no such shape. */
  static async of(response: Response): Promise<ApiError> {
    const body: unknown = await response.json().catch(() => undefined);
    if (isErrorBody(body)) {
      return new ApiError(response.status, body.error.code, body.error.message);
    }
    const words = response.statusText || "no reason was given";
    return new ApiError(response.status, "http", `the answer was ${response.status}: ${words}`);
  }

  /** Whether something in front of the collector says that it is away. */
  get isAway(): boolean {
    return this.code === "away" || (this.code === "http" && [502, 503, 504].includes(this.status));
  }

  /** Whether what was asked for does not exist, or does not exist any more. */
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

/** The words for a person, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
