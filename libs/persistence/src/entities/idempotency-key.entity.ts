import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A write that a client may send again: the same key gets the same answer, and nothing is done twice. */
@Entity('idempotency_keys')
@Index('idempotency_keys_created', ['createdAt'])
export class IdempotencyKeyEntity {
  /** What the client sent, after the route that it was sent to. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'idempotency_keys_pkey' })
  key!: string;

  /** SHA-256 of the body. */
  @Column('text')
  bodyHash!: string;

  /** What was answered; null only inside the transaction that makes it. */
  @Column('jsonb', { nullable: true })
  answer!: unknown;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;
}
