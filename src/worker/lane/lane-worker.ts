import type { Job, JobJson } from 'bullmq';
import type { LaneJob, LaneResult } from '../../shared/lane.ts';
import { PatientWorker } from '../patient-worker.ts';

/**
 * A BullMQ worker that survives a job whose data is not JSON. BullMQ would throw while it
 * fetches such a job and leave it active, to stall again and again; here it arrives as a job
 * with unreadable data, which delivery turns into a dead letter.
 */
export class LaneWorker extends PatientWorker<LaneJob, LaneResult> {
  protected override createJob(data: JobJson, jobId: string): Job<LaneJob, LaneResult> {
    try {
      return super.createJob(data, jobId);
    } catch {
      return super.createJob({ ...data, data: JSON.stringify('unreadable job data') }, jobId);
    }
  }
}
