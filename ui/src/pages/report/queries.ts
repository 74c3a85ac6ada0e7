/** The data of the report pages. */
import { queryOptions } from "@tanstack/react-query";
import { apiAddress } from "../../api/base";
import { api, read } from "../../api/client";
import { ApiError } from "../../api/error";
import type { Report, ReportFormat } from "../../api/types";
import type { MenuAction } from "../../parts/MenuButton";
import type { PreviewSearch } from "./search";

export function storedQuery(id: string) {
  return queryOptions({
    queryKey: ["reports", id],
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/reports/{id}", { params: { path: { id } }, signal })),
  });
}

/** A stored report, made again. Below `["executions"]`: a redacted or deleted run changes it. */
export function reportQuery(id: string) {
  const params = { path: { id }, query: { format: "json" } };
  return queryOptions({
    queryKey: ["executions", "report", id],
    queryFn: async ({ signal }) =>
      report(await read(api.GET("/api/v1/ansible/reports/{id}/document", { params, signal }))),
  });
}

/** A report of the time before now. It is not updated until the page is opened again. */
export function previewQuery({ period = "week", zone = "UTC", q }: PreviewSearch) {
  const query = { period, zone, ...(q !== undefined && { q }) };
  return queryOptions({
    queryKey: ["report-preview", query],
    queryFn: async ({ signal }) =>
      report(await read(api.GET("/api/v1/ansible/reports/preview", { params: { query }, signal }))),
    staleTime: 0,
    gcTime: 0,
  });
}

/** The operation has several formats; JSON was requested. */
function report(answer: Report | string): Report {
  if (typeof answer === "string") {
    throw new ApiError(200, "incomplete", "the collector answered with another format");
  }
  return answer;
}

const FORMATS: readonly (readonly [ReportFormat, string])[] = [
  ["html", "As HTML"],
  ["markdown", "As Markdown"],
  ["csv", "As CSV"],
  ["json", "As JSON"],
  ["text", "As text"],
];

/** Downloads of a report. */
export function downloads(path: string, query: Readonly<Record<string, string>> = {}): MenuAction[] {
  return FORMATS.map(([format, name]) => ({ name, download: apiAddress(path, { ...query, format }) }));
}
